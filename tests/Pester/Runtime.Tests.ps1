# libtorch, which the module does not carry: what works without it, how it is installed and how it is removed.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    . (Join-Path $PSScriptRoot 'RuntimeSupport.ps1')
    $module = Copy-ModuleWithoutTorch (New-TestFolder)
    $lora = Get-SamplePath 'lora'
}

Describe 'Without libtorch' {
    BeforeAll {
        $told = Invoke-ModuleScript $module (New-TestFolder) @"
foreach (`$command in
    { Resize-Lora '$lora' -Recipe 'spn_lora=1,thr=-0.7' },
    { Measure-LoraResize '$lora' -Recipe 'spn_lora=1,thr=-0.7' },
    { Get-LoraSpectrum '$lora' },
    { Export-LoraSpectrum '$lora' -OutputDirectory . },
    { Show-LoraSpectrum '$lora' },
    { Compare-Lora '$lora' '$lora' },
    { Get-LoraInfo '$lora' },
    { New-ResizeRecipe 'spn_lora=1,thr=-0.7' },
    { Merge-Lora '$lora' },
    { Convert-Lora '$lora' -Naming Diffusers -DType Float32 -WhatIf },
    { Get-Help Resize-Lora },
    { TabExpansion2 'Resize-Lora -Device ' 20 }) {
    `$name = [regex]::Match("`$command", '[\w-]+').Value
    try { `$result[`$name] = [bool] (& `$command 3>`$null 6>`$null) ? 'works' : 'gives nothing' }
    catch { `$result[`$name] = "`$(`$_.FullyQualifiedErrorId.Split(',')[0]): `$_" }
}
"@
    }

    It '<_> says in one line what is missing and what brings it' -ForEach @(
        'Resize-Lora', 'Measure-LoraResize', 'Get-LoraSpectrum', 'Export-LoraSpectrum', 'Show-LoraSpectrum', 'Compare-Lora'
    ) {
        $told.$_ | Should -Match '^RuntimeMissing: libtorch [\d.]+, which computes, is missing on this machine \([\w-]+\)\. Install-ResizeLoraRuntime brings it\.$'
    }

    It '<_> works' -ForEach 'Get-LoraInfo', 'New-ResizeRecipe', 'Merge-Lora', 'Get-Help', 'TabExpansion2' {
        $told.$_ | Should -Be 'works'
    }

    It 'Convert-Lora of names works' {
        $told.'Convert-Lora' | Should -Be 'gives nothing'
        $out = New-TestFolder
        (Invoke-ModuleScript $module (New-TestFolder) "`$result.File = (Convert-Lora '$lora' -Naming Diffusers -DType Float32 -OutputDirectory '$out').Path").File |
            Should -Exist
    }

    It 'many files are one error, not one each' {
        $folder = [System.IO.Path]::GetDirectoryName($lora)
        (Invoke-ModuleScript $module (New-TestFolder) @"
try { Get-ChildItem '$folder' -Filter 'l*.safetensors' | Get-LoraSpectrum -ErrorVariable errors } catch { `$result.Ended = `$true }
`$result.Count = `$errors.Count
"@).psobject.Properties.Value | Should -Be @($true, 1)
    }

    It 'a folder that RESIZELORA_RUNTIME names is taken, whatever else there is' {
        $script = "try { `$result.Count = @(Get-LoraSpectrum '$lora').Count } catch { `$result.Error = `"`$(`$_.FullyQualifiedErrorId.Split(',')[0])`" }"
        (Invoke-ModuleScript $module (New-TestFolder) "`$env:RESIZELORA_RUNTIME = '$torchFolder'; $script").Count | Should -Be 51
        (Invoke-ModuleScript $module (New-TestFolder) "`$env:RESIZELORA_RUNTIME = '$(New-TestFolder)'; $script").Error | Should -Be 'RuntimeFolderEmpty'
    }
}

Describe 'Install-ResizeLoraRuntime' {
    BeforeAll {
        $imitation = New-ImitationModule (New-TestFolder)
        $source = $imitation.Packages

        # What a call tells: its output, or its error; and the files of the user afterwards.
        function Invoke-Install([string] $Call, [string] $UserFolder = (New-TestFolder)) {
            $result = Invoke-ModuleScript $imitation.Manifest $UserFolder @"
try { `$result.Output = @($Call 4>&1 | ForEach-Object { `$_ -is [System.Management.Automation.VerboseRecord] ? "`$_" : `$_ }) }
catch { `$result.Error = "`$(`$_.FullyQualifiedErrorId.Split(',')[0]): `$_" }
"@
            $result | Add-Member Runtime ([System.IO.Path]::Combine($UserFolder, 'ResizeLora', 'runtime'))
            $result | Add-Member Files @(Get-RelativeFile $result.Runtime)
            $result
        }

        function Get-RelativeFile([string] $Folder) {
            if ([System.IO.Directory]::Exists($Folder)) {
                [System.IO.Directory]::GetFiles($Folder, '*', 'AllDirectories') |
                    ForEach-Object { [System.IO.Path]::GetRelativePath($Folder, $_) -replace '\\', '/' } | Sort-Object
            }
        }
    }

    It 'installs from a folder, for the user, and gives what it installed' {
        $told = Invoke-Install "Install-ResizeLoraRuntime -Source '$source'"
        $told.Files | Should -Be @("installation.json", $imitation.Cpu, 'LICENSE-LIBTORCH.txt' | Sort-Object | ForEach-Object { "2.10.0-cpu/$platform/$_" })
        $told.Output | Should -HaveCount 1
        $told.Output[0].Version | Should -Be '2.10.0'
        $told.Output[0].Torch | Should -Be 0
        $told.Output[0].Platform | Should -Be $platform
        $told.Output[0].Length | Should -Be 300007
        Get-Sha256 (Join-Path $told.Output[0].Path $imitation.Cpu) | Should -Be $imitation.Sha256
    }

    It 'puts the pieces of CUDA''s libraries together, beside libtorch for the processor' {
        $user = New-TestFolder
        $null = Invoke-Install "Install-ResizeLoraRuntime -Source '$source'" $user
        $told = Invoke-Install "Install-ResizeLoraRuntime Cuda -Source '$source'" $user
        Get-Sha256 (Join-Path $told.Output[0].Path $imitation.Cuda) | Should -Be $imitation.Sha256
        $told.Files | Should -Contain "2.10.0-cpu/$platform/$($imitation.Cpu)"
        $told.Files | Should -Contain "2.10.0-cuda/$platform/$($imitation.Cuda)"
        $told.Files | Should -Not -Match '\.sha$|fragment|nupkg'
    }

    It 'does nothing when it is installed, and says so' {
        $user = New-TestFolder
        $null = Invoke-Install "Install-ResizeLoraRuntime -Source '$source'" $user
        $told = Invoke-Install "Install-ResizeLoraRuntime -Source '$(New-TestFolder)' -Verbose" $user
        $told.Output[0] | Should -Match ' is installed\. -Force installs it again\.$'
        $told.Output[1].Length | Should -Be 300007
    }

    It 'warns where another libtorch is loaded before it' {
        $told = Invoke-Install "& { `$env:RESIZELORA_RUNTIME = '$torchFolder'; Install-ResizeLoraRuntime -Source '$source' 3>&1 | ForEach-Object { `"`$_`" } }"
        $told.Output[1] | Should -Be "The libtorch in '$torchFolder' comes before the installed one and is loaded instead."
    }

    It 'repairs one of which something is missing, and with -Force any' {
        $user = New-TestFolder
        $library = Join-Path (Invoke-Install "Install-ResizeLoraRuntime -Source '$source'" $user).Output[0].Path $imitation.Cpu
        [System.IO.File]::WriteAllBytes($library, [byte[]]::new(5))
        $null = Invoke-Install "Install-ResizeLoraRuntime -Source '$source'" $user
        [System.IO.FileInfo]::new($library).Length | Should -Be 300000
        [System.IO.File]::WriteAllBytes($library, [byte[]]::new(300000))
        $told = Invoke-Install "Install-ResizeLoraRuntime -Source '$source' -Force" $user
        Get-Sha256 $library | Should -Be $imitation.Sha256
        $told.Files | Should -HaveCount 3
    }

    It 'says with -WhatIf what it would fetch and what it would take, and touches nothing' {
        $user = New-TestFolder
        $told = Invoke-ModuleScript $imitation.Manifest $user @"
`$result.Text = (& { Install-ResizeLoraRuntime Cuda -WhatIf } *>&1 | Out-String)
Start-Transcript (Join-Path '$user' 'log.txt') | Out-Null
Install-ResizeLoraRuntime Cuda -WhatIf
Stop-Transcript | Out-Null
"@
        $told.Text | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText((Join-Path $user 'log.txt')) |
            Should -Match 'Install libtorch 2\.10\.0 \(Cuda, [\w-]+\): fetch 0\.6 MiB, 0\.6 MiB on disk'
        Join-Path $user 'ResizeLora' | Should -Not -Exist
    }

    It 'shows bytes, speed and the time left, and takes the display away at the end' {
        $progress = (Invoke-ModuleScript $imitation.Manifest (New-TestFolder) @"
`$shell = [powershell]::Create()
`$null = `$shell.AddScript("Import-Module '$($imitation.Manifest)'; Install-ResizeLoraRuntime -Source '$source'").Invoke()
`$result.Progress = @(`$shell.Streams.Progress | Where-Object Activity -EQ 'Installing libtorch')
"@).Progress
        $progress[0].StatusDescription | Should -Match '^(Fetching torch-cpu 2\.10\.0|Unpacking): [\d.]+ of 0\.3 MiB, [\d.]+ MiB/s$'
        $progress[-1].RecordType | Should -Be 1
    }

    It 'installs nothing of a package with another hash' {
        $other = New-TestFolder
        $path = Join-Path $other 'torch-cpu.2.10.0.nupkg'
        $bytes = [System.IO.File]::ReadAllBytes((Join-Path $source 'torch-cpu.2.10.0.nupkg'))
        $bytes[100000] = $bytes[100000] -bxor 1
        [System.IO.File]::WriteAllBytes($path, $bytes)
        $told = Invoke-Install "Install-ResizeLoraRuntime -Source '$other'"
        $told.Error | Should -Match '^RuntimeHashMismatch: torch-cpu 2\.10\.0 is not the package that the module was built for: '
        $told.Files | Should -BeNullOrEmpty
    }

    It 'says a clear error when the network goes, and the same line again works' {
        $feed = Start-ServedFeed $source
        try {
            $user = New-TestFolder
            $call = "Install-ResizeLoraRuntime Cuda -Source '$($feed.Address)'"
            $feed.BreakAfter, $feed.Answers = 50000, 3
            $told = Invoke-Install $call $user
            $told.Error | Should -Match '^RuntimeInterrupted: torch-cuda-part1 2\.10\.0 broke off after [\d.]+ MiB of [\d.]+ MiB, which are kept \(.+\)\. The same line again goes on from there\.$'
            $told.Files | Should -Be 'packages/torch-cuda-part1.2.10.0.nupkg.part'

            $feed.BreakAfter, $feed.Answers = $null, 100
            $again = Invoke-Install $call $user
            Get-Sha256 (Join-Path $again.Output[0].Path $imitation.Cuda) | Should -Be $imitation.Sha256
            $again.Files | Should -HaveCount 4
            $offsets = @($feed.Offsets)
            $offsets[3] | Should -BeGreaterThan $offsets[1]
            $offsets[4..6] | Should -Be @(0, 0, 0)
        }
        finally {
            $feed.Dispose()
        }
        (Invoke-Install "Install-ResizeLoraRuntime -Source '$($feed.Address)'").Error |
            Should -Match '^RuntimeSourceUnreachable: .+ The same line again tries once more; -Source takes a folder with the packages too\.$'
    }

    It 'takes the sources and the credentials of NuGet''s configuration' -Skip:$IsWindows {
        $feed = Start-ServedFeed $source
        try {
            $feed.Credentials = 'reader:secret'
            $user = New-TestFolder
            $folder = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($user, '.nuget', 'NuGet')).FullName
            [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'NuGet.Config'), @"
<configuration>
  <packageSources><clear /><add key="ours" value="$($feed.Address)" allowInsecureConnections="true" /></packageSources>
  <packageSourceCredentials><ours><add key="Username" value="reader" /><add key="ClearTextPassword" value="secret" /></ours></packageSourceCredentials>
</configuration>
"@)
            $set = "`$env:HOME = `$env:NUGET_COMMON_APPLICATION_DATA = '$user'"
            (Invoke-Install "& { $set; Install-ResizeLoraRuntime }" $user).Output[0].Length | Should -Be 300007
            (Invoke-Install "& { $set; Install-ResizeLoraRuntime -Source ours -Force }" $user).Output[0].Length | Should -Be 300007
        }
        finally {
            $feed.Dispose()
        }
    }

    It 'takes a package from the source alone that the configuration maps it to' -Skip:$IsWindows {
        $user = New-TestFolder
        $folder = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($user, '.nuget', 'NuGet')).FullName
        $set = "`$env:HOME = `$env:NUGET_COMMON_APPLICATION_DATA = '$user'"

        # The first source has the package too: of another hash.
        $other = New-TestFolder
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($other, 'torch-cpu.2.10.0.nupkg'), 'not the one')
        foreach ($case in @{ Source = 'ours'; Works = $true }, @{ Source = 'theirs'; Works = $false }) {
            [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'NuGet.Config'), @"
<configuration>
  <packageSources><clear /><add key="theirs" value="$other" /><add key="ours" value="$source" /></packageSources>
  <packageSourceMapping>
    <packageSource key="theirs"><package pattern="$($case.Works ? 'other.*' : 'torch-*')" /></packageSource>
    <packageSource key="ours"><package pattern="$($case.Works ? 'torch-*' : 'other.*')" /></packageSource>
  </packageSourceMapping>
</configuration>
"@)
            $told = Invoke-Install "& { $set; Install-ResizeLoraRuntime -Force }" $user
            $told.psobject.Properties.Name -contains 'Error' | Should -Be (-not $case.Works) -Because "torch-* is mapped to $($case.Source)"
        }
    }

    It 'begins nothing that the disk has no room for' {
        $list = Get-Content -Raw -LiteralPath $imitation.List
        try {
            [System.IO.File]::WriteAllText($imitation.List, ($list -replace '"installedLength": *\d+', '"installedLength": 1000000000000000000'))
            $told = Invoke-Install "Install-ResizeLoraRuntime -Source '$source'"
            $told.Error | Should -Match '^RuntimeNoSpace: Installing libtorch takes [\d,.]+ \w+, and .+ has [\d,.]+ \w+ left\.$'
            $told.Files | Should -BeNullOrEmpty
        }
        finally {
            [System.IO.File]::WriteAllText($imitation.List, $list)
        }
    }

    It 'is one at a time' {
        $user = New-TestFolder
        $root = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($user, 'ResizeLora', 'runtime')).FullName
        $lock = [System.IO.File]::Open((Join-Path $root 'installing.lock'), 'OpenOrCreate', 'ReadWrite', 'None')
        try {
            (Invoke-Install "Install-ResizeLoraRuntime -Source '$source'" $user).Error | Should -Match '^RuntimeBusy: '
        }
        finally {
            $lock.Dispose()
        }
    }

    It 'cleans up what a killed one left' {
        $user = New-TestFolder
        $left = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($user, 'ResizeLora', 'runtime', '.unfinished-1')).FullName
        $null = Invoke-Install "Install-ResizeLoraRuntime -Source '$source'" $user
        $left | Should -Not -Exist
    }

    It 'says so where the module has no hash of a package' {
        $list = Get-Content -Raw -LiteralPath $imitation.List
        try {
            [System.IO.File]::WriteAllText($imitation.List, ($list -replace '"sha512": *"[^"]+"', '"sha512": null'))
            (Invoke-Install "Install-ResizeLoraRuntime -Source '$source'").Error | Should -Match '^RuntimeHashUnknown: .+ nothing was fetched\.$'
        }
        finally {
            [System.IO.File]::WriteAllText($imitation.List, $list)
        }
    }
}

Describe 'Uninstall-ResizeLoraRuntime' {
    BeforeAll {
        $imitation = New-ImitationModule (New-TestFolder)
        $install = "`$null = Install-ResizeLoraRuntime -Source '$($imitation.Packages)'; `$null = Install-ResizeLoraRuntime Cuda -Source '$($imitation.Packages)'"

        function Invoke-Uninstall([string] $Call) {
            $user = New-TestFolder
            $older = [System.IO.Path]::Combine($user, 'ResizeLora', 'runtime', '2.7.1-cpu', $platform)
            $null = [System.IO.Directory]::CreateDirectory($older)
            $null = Invoke-ModuleScript $imitation.Manifest $user "$install; $Call"
            [System.IO.Directory]::GetDirectories([System.IO.Path]::Combine($user, 'ResizeLora', 'runtime')) |
                ForEach-Object { [System.IO.Path]::GetFileName($_) } | Sort-Object
        }
    }

    It 'removes both kinds of this version' { Invoke-Uninstall 'Uninstall-ResizeLoraRuntime' | Should -Be '2.7.1-cpu' }
    It 'removes one kind' { Invoke-Uninstall 'Uninstall-ResizeLoraRuntime Cuda' | Should -Be @('2.10.0-cpu', '2.7.1-cpu') }
    It 'removes other versions too' { Invoke-Uninstall 'Uninstall-ResizeLoraRuntime -AllVersions' | Should -BeNullOrEmpty }
    It 'removes what an earlier removal had to leave' {
        Invoke-Uninstall "`$null = New-Item -ItemType Directory `"`$env:XDG_DATA_HOME/ResizeLora/runtime/.removed-1`"; Uninstall-ResizeLoraRuntime -AllVersions; Uninstall-ResizeLoraRuntime" |
            Should -BeNullOrEmpty
    }
    It 'leaves one that is in use, and says so' -Skip:(-not $IsWindows) {
        # Windows renames no folder of which a file is open; other systems do, and whoever has it open keeps what it has.
        $user = New-TestFolder
        (Invoke-ModuleScript $imitation.Manifest $user @"
`$installed = Install-ResizeLoraRuntime -Source '$($imitation.Packages)'
`$open = [System.IO.File]::OpenRead((Join-Path `$installed.Path '$($imitation.Cpu)'))
try { Uninstall-ResizeLoraRuntime } catch { `$result.Error = "`$(`$_.FullyQualifiedErrorId.Split(',')[0])" }
`$open.Dispose()
`$result.IsThere = Test-Path -LiteralPath `$installed.Path
"@).psobject.Properties.Value | Should -Be @('RuntimeInUse', $true)
    }
    It 'removes nothing with -WhatIf' { Invoke-Uninstall 'Uninstall-ResizeLoraRuntime -AllVersions -WhatIf' | Should -Be @('2.10.0-cpu', '2.10.0-cuda', '2.7.1-cpu') }
}
