# Paths as Windows has them: longer than 260 characters, of drives and shares, reserved, read-only, and open in another program.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    $base = Get-SamplePath 'base'
    $lora = Get-SamplePath 'lora'
    $recipe = 'spn_lora=1,thr=-0.7'
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'

    # What every command that reads and writes does with a folder of one LoRA and one base model.
    function Assert-Usable([string] $Folder) {
        $null = Copy-Sample 'lora' (Join-Path $Folder 'style.safetensors')
        $null = Copy-Sample 'base' (Join-Path $Folder 'sdxl.safetensors')
        $style = Join-Path $Folder 'style.safetensors'
        $out = Join-Path $Folder 'small'
        $result = Get-ChildItem (Join-Path $Folder '*.safetensors') |
            Resize-Lora -Checkpoint (Join-Path $Folder 'sdxl.safetensors') -OutputDirectory $out
        $result.NewRank | Should -Be 183
        $result.Path | Should -Exist
        Resize-Lora $style -Checkpoint (Join-Path $Folder 'sdxl.safetensors') -OutputDirectory $out -SkipExisting | Should -BeNullOrEmpty
        (Get-LoraInfo $result.Path).LayerCount | Should -Be $result.LayersKept
        (Convert-Lora $style -DType Float32 -OutputDirectory $out).Path | Should -Exist
        Export-LoraSpectrum $style -Destination (Join-Path $out 'spectra.json') | Should -Exist
        Get-FileName $Folder | Where-Object { $_ -like '.resizelora-*' } | Should -BeNullOrEmpty
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'A folder' {
    It 'may have a path of more than 260 characters' {
        $folder = New-TestFolder
        while ($folder.Length -lt 280) { $folder = Join-Path $folder ('d' * 40) }
        Assert-Usable ([System.IO.Directory]::CreateDirectory($folder).FullName)
    }

    It 'may be of a drive of PowerShell' {
        $null = New-PSDrive -Name loras -PSProvider FileSystem -Root (New-TestFolder)
        try {
            $null = Copy-Sample 'lora' (Join-Path (Get-PSDrive loras).Root 'style.safetensors')
            $result = Get-ChildItem loras:\*.safetensors | Resize-Lora -Recipe $recipe -OutputDirectory loras:\small
            $result.Path | Should -Be (Join-Path (Get-PSDrive loras).Root 'small' 'style_spnlora1_th-0.7.safetensors')
            (Resize-Lora loras:\style.safetensors -Recipe 'spn_lora=1,thr=-1').Path | Should -Exist
            Export-LoraSpectrum loras:\style.safetensors -Destination loras:\small\spectra.csv | Should -Exist
        }
        finally {
            Remove-PSDrive loras
        }
    }

    It 'may be of a share' {
        $folder = New-TestFolder
        $share = if ($IsWindows -and $folder -match '^([A-Z]):(.+)$') { "\\localhost\$($Matches[1])`$$($Matches[2])" }
        if (-not $share -or -not [System.IO.Directory]::Exists($share)) {
            Set-ItResult -Skipped -Because 'this system shares no folder with itself'
        }
        Assert-Usable $share
    }
}

Describe 'A name that Windows keeps for itself' {
    It 'is refused by <command>' -Skip:(-not $IsWindows) -ForEach @(
        @{ command = 'Export-LoraSpectrum'; run = { param($folder) Export-LoraSpectrum $lora -Destination "$folder\con.png" @trouble } }
        @{ command = 'Export-LoraSpectrum'; run = { param($folder) Export-LoraSpectrum $lora -Destination "$folder\nul" -Format Csv @trouble } }
        @{ command = 'Export-LoraSpectrum'; run = { param($folder) Export-LoraSpectrum $lora -Destination "$folder\com1.html" @trouble } }
        @{ command = 'Convert-Lora'; run = { param($folder) Convert-Lora $lora -DType Float32 -OutputDirectory "$folder\aux" @trouble } }
        @{ command = 'Resize-Lora'; run = { param($folder) Resize-Lora $lora -Recipe $recipe -OutputDirectory "$folder\prn" @trouble } }
    ) {
        $folder = New-TestFolder
        $trouble = @{ ErrorVariable = 'problems'; ErrorAction = 'SilentlyContinue' }
        . $run $folder | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike "OutputNameReserved,*"
        Get-ChildItem -LiteralPath $folder | Should -BeNullOrEmpty
    }
}

Describe 'An output that exists, with -Force' -Skip:(-not $IsWindows) {
    BeforeEach {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'style.safetensors')
        $output = (Resize-Lora $file -Recipe $recipe).Path
        $before = Get-Sha256 $output
        $trouble = @{ Force = $true; ErrorVariable = 'problems'; ErrorAction = 'SilentlyContinue' }
    }

    It 'stays as it is where it is read-only, and the error says how to allow it' {
        Set-ItemProperty -LiteralPath $output IsReadOnly $true
        Resize-Lora $file -Recipe $recipe @trouble | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'OutputReadOnly,*'
        $problems[0].Exception.Message | Should -BeLike '*read-only*IsReadOnly*'
        Get-Sha256 $output | Should -Be $before
        Set-ItemProperty -LiteralPath $output IsReadOnly $false
        Resize-Lora $file -Recipe $recipe -Force | Should -HaveCount 1
    }

    It 'stays as it is where another program has it open, and the error says to close it' {
        $held = [System.IO.File]::Open($output, 'Open', 'Read', 'Read')
        try {
            Resize-Lora $file -Recipe $recipe @trouble | Should -BeNullOrEmpty
        }
        finally {
            $held.Dispose()
        }
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'OutputInUse,*'
        $problems[0].Exception.Message | Should -BeLike '*open in another program*Close it*'
        Get-Sha256 $output | Should -Be $before
        Resize-Lora $file -Recipe $recipe -Force | Should -HaveCount 1
    }
}

Describe 'A LoRA that a web UI has open' {
    It 'is read all the same' {
        $file = Copy-Sample 'lora' (Join-Path (New-TestFolder) 'style.safetensors')
        # As Python opens it: for reading, shared for reading and writing.
        $held = [System.IO.File]::Open($file, 'Open', 'Read', 'ReadWrite')
        try { Resize-Lora $file -Recipe $recipe | Should -HaveCount 1 } finally { $held.Dispose() }
    }
}

Describe 'A file of which only the name is here' {
    BeforeAll {
        $folder = New-TestFolder
        $file = Copy-Sample 'lora' (Join-Path $folder 'cloud.safetensors')
        $other = Copy-Sample 'lora' (Join-Path $folder 'here.safetensors')
        # OneDrive sets other attributes besides, which no program may set.
        $away = try {
            [System.IO.File]::SetAttributes($file, 'Offline')
            [System.IO.File]::GetAttributes($file).HasFlag([System.IO.FileAttributes]::Offline)
        }
        catch { $false }
    }

    It 'is left alone with a warning where it is found, and the others are worked on' {
        if (-not $away) { Set-ItResult -Skipped -Because 'this file system keeps no such mark' }
        $results = Get-ChildItem $folder -Filter *.safetensors |
            Resize-Lora -Recipe $recipe -WarningVariable warned -WarningAction SilentlyContinue -ErrorAction Stop
        $results.Source | Should -Be $other
        "$warned" | Should -BeLike "*cloud.safetensors*not on this machine*"
    }

    It 'is an error where it is named, as a LoRA and as a base model' {
        if (-not $away) { Set-ItResult -Skipped -Because 'this file system keeps no such mark' }
        Resize-Lora $file -Recipe $recipe -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'FileNotLocal,*'
        $problems[0].CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        { Resize-Lora $other -Checkpoint $file } | Should -Throw -ErrorId 'FileNotLocal,*'
    }
}

Describe 'JSON of Export-LoraSpectrum' {
    It 'ends its lines in the same way on every system' {
        $json = Export-LoraSpectrum $lora -Destination (Join-Path (New-TestFolder) 'spectra.json')
        $text = [System.IO.File]::ReadAllText($json.FullName)
        $text.Contains("`n") | Should -BeTrue
        $text.Contains("`r") | Should -BeFalse
    }
}
