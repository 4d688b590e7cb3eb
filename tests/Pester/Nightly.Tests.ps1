# The scripts of samples/nightly, as a scheduler runs them.
BeforeDiscovery {
    $nightly = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'samples', 'nightly'))
    $scripts = @([System.IO.Directory]::GetFiles($nightly, '*.ps1') | ForEach-Object { @{ script = $_; name = [System.IO.Path]::GetFileName($_) } })
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    $module = [System.IO.Path]::GetFullPath((Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1'))
    Import-Module $module
    $nightly = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'samples', 'nightly'))
    $userCache = $env:RESIZELORA_CACHE
    $userComputer = $env:COMPUTERNAME
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'

    # A box with a folder of LoRA files, a base model, and room for outputs and logs.
    function New-Box {
        [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes test data only.')]
        param([int] $Count = 2)
        $folder = New-TestFolder
        $loras = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($folder, 'loras')).FullName
        for ($i = 1; $i -le $Count; $i++) { $null = Copy-Sample 'lora' ([System.IO.Path]::Combine($loras, "style $i.safetensors")) }
        [ordered]@{
            Path = $loras
            OutputDirectory = [System.IO.Path]::Combine($folder, 'small')
            Checkpoint = Copy-Sample 'base' ([System.IO.Path]::Combine($folder, 'sdxl.safetensors'))
            LogDirectory = [System.IO.Path]::Combine($folder, 'logs')
            Module = $module
            BoxName = 'here'
        }
    }

    function Invoke-Nightly([System.Collections.IDictionary] $Parameter) {
        $arguments = @(foreach ($key in $Parameter.Keys) { "-$key"; "$($Parameter[$key])" })
        Invoke-ScriptProcess ([System.IO.Path]::Combine($nightly, 'Invoke-NightlyResize.ps1')) $arguments
    }

    function Read-Log([System.Collections.IDictionary] $Parameter) {
        [System.IO.Directory]::GetFiles($Parameter.LogDirectory, '*.jsonl') | ForEach-Object { [System.IO.File]::ReadAllLines($_) } |
            ForEach-Object { ConvertFrom-Json $_ -DateKind String }
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
    $env:COMPUTERNAME = $userComputer
}

Describe 'The nightly script <name>' -ForEach $scripts {
    It 'parses and explains itself' {
        $errors = $null
        $ast = [System.Management.Automation.Language.Parser]::ParseFile($script, [ref] $null, [ref] $errors)
        $errors | Should -BeNullOrEmpty
        $help = $ast.GetHelpContent()
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Examples.Count | Should -BeGreaterThan 0
        foreach ($parameter in $ast.ParamBlock.Parameters) {
            $help.Parameters[$parameter.Name.VariablePath.UserPath.ToUpperInvariant()] |
                Should -Not -BeNullOrEmpty -Because "it is -$($parameter.Name.VariablePath.UserPath)"
        }
    }
}

Describe 'Invoke-NightlyResize.ps1' {
    It 'resizes the folder, logs what it did and ends with 0' {
        $box = New-Box
        $run = Invoke-Nightly $box
        $run.Text | Should -BeNullOrEmpty
        $run.ExitCode | Should -Be 0
        Get-FileName $box.OutputDirectory | Should -Be @('style 1_spnckpt1_th-1.2.safetensors', 'style 2_spnckpt1_th-1.2.safetensors')
        $log = @(Read-Log $box)
        $log | ForEach-Object { $_.time | Should -Match '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$' }
        $log.box | Select-Object -Unique | Should -Be 'here'
        $log[0].event, $log[0].folder, $log[0].version | Should -Be @('start', $box.Path, "$((Get-Module ResizeLora).Version)")
        ($log | Where-Object event -EQ 'norms').norms | Should -Be 52
        $written = @($log | Where-Object event -EQ 'written')
        $written.newRank | Should -Be @(183, 183)
        $written.path | ForEach-Object { $_ | Should -Exist }
        $log[-1].event, $log[-1].message | Should -Be @('end', '2 written, 0 failed, 2 looked at.')
        $log[-1].written, $log[-1].failed, $log[-1].files, $log[-1].exitCode | Should -Be @(2, 0, 2, 0)
    }

    It 'takes several base models with commas between them, and PEFT folders' {
        $box = New-Box 1
        $peft = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($box.Path, 'my-peft')).FullName
        $null = Copy-Sample 'lora' ([System.IO.Path]::Combine($peft, 'adapter_model.safetensors'))
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($peft, 'adapter_config.json'), '{ "r": 8, "lora_alpha": 8 }')
        $folder = [System.IO.Path]::GetDirectoryName($box.Path)
        $copy = Copy-Sample 'base' ([System.IO.Path]::Combine($folder, 'copy.safetensors'))
        $box.Checkpoint = "$($box.Checkpoint), $copy"
        (Invoke-Nightly $box).ExitCode | Should -Be 0
        [System.IO.Path]::Combine($box.OutputDirectory, 'my-peft_spnckpt1_th-1.2', 'adapter_config.json') | Should -Exist
        $log = @(Read-Log $box)
        $log[0].checkpoint | Should -Be $box.Checkpoint.Split(', ')
        $log[-1].written, $log[-1].failed, $log[-1].files | Should -Be @(2, 0, 2)
    }

    It 'takes a base model with a comma in its name' {
        $box = New-Box 1
        $box.Checkpoint = Copy-Sample 'base' ([System.IO.Path]::Combine([System.IO.Path]::GetDirectoryName($box.Path), 'a, b.safetensors'))
        (Invoke-Nightly $box).ExitCode | Should -Be 0
    }

    It 'finds nothing to do the next night' {
        $box = New-Box 1
        (Invoke-Nightly $box).ExitCode | Should -Be 0
        (Invoke-Nightly $box).ExitCode | Should -Be 0
        $log = @(Read-Log $box)
        ($log | Where-Object event -EQ 'norms')[-1].computed | Should -Be 0
        $log[-1].written, $log[-1].failed, $log[-1].files | Should -Be @(0, 0, 1)
    }

    It 'goes on after a damaged file, and ends with 1' {
        $box = New-Box 1
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($box.Path, 'damaged.safetensors'), 'half a file')
        (Invoke-Nightly $box).ExitCode | Should -Be 1
        Get-FileName $box.OutputDirectory | Should -Be 'style 1_spnckpt1_th-1.2.safetensors'
        $log = @(Read-Log $box)
        $failure = @($log | Where-Object level -EQ 'error')
        $failure | Should -HaveCount 1
        $failure[0].id | Should -BeLike 'Safetensors*'
        $failure[0].source | Should -BeLike '*damaged.safetensors'
        $failure[0].message | Should -BeLike '*damaged.safetensors*'
        $log[-1].written, $log[-1].failed, $log[-1].files, $log[-1].exitCode | Should -Be @(1, 1, 2, 1)
    }

    It 'ends with 2 and a reason in the log when nothing can run: <what>' -ForEach @(
        @{ what = 'no base model'; change = @{ Checkpoint = 'nowhere.safetensors' } }
        @{ what = 'no module'; change = @{ Module = 'NoSuchModule' } }
        @{ what = 'a recipe that makes no sense'; change = @{ Recipe = 'spn_ckp=1,thr=-1' } }
        @{ what = 'not in the list of boxes'; change = @{ Box = 'gpu1,gpu2' } }
        @{ what = 'no such folder'; change = @{ Path = 'no such folder' } }
    ) {
        $box = New-Box 1
        foreach ($key in $change.Keys) { $box[$key] = $change[$key] }
        (Invoke-Nightly $box).ExitCode | Should -Be 2
        $log = @(Read-Log $box)
        $log[-2].level, $log[-2].event | Should -Be @('error', 'error')
        $log[-2].message | Should -Not -BeNullOrEmpty
        $log[-1].event, $log[-1].message, $log[-1].exitCode | Should -Be @('end', 'Nothing could run.', 2)
    }

    It 'ends with 2 while another run goes on' {
        $box = New-Box 1
        $null = [System.IO.Directory]::CreateDirectory($box.LogDirectory)
        $held = [System.IO.File]::Open([System.IO.Path]::Combine($box.LogDirectory, 'resize-here.lock'), 'OpenOrCreate', 'ReadWrite', 'None')
        try { (Invoke-Nightly $box).ExitCode | Should -Be 2 } finally { $held.Dispose() }
        (Invoke-Nightly $box).ExitCode | Should -Be 0
    }

    It 'takes only the share of its box' {
        $box = New-Box 6
        $box['Box'] = 'here,there.lan'
        (Invoke-Nightly $box).ExitCode | Should -Be 0
        $own = @(Get-ChildItem $box.Path | & ([System.IO.Path]::Combine($nightly, 'Select-FileShare.ps1')) -Box here, there -Name here)
        Get-FileName $box.OutputDirectory | Should -HaveCount $own.Count
        $end = @(Read-Log $box)[-1]
        $end.written, $end.failed, $end.files | Should -Be @($own.Count, 0, $own.Count)
    }
}

Describe 'Select-FileShare.ps1' {
    BeforeAll {
        $select = [System.IO.Path]::Combine($nightly, 'Select-FileShare.ps1')
        $files = 1..200 | ForEach-Object { "\\nas\loras\file $_.safetensors" }
        $boxes = 'gpu1', 'gpu2.lan', 'GPU3'
    }

    It 'gives every file to exactly one box' {
        $taken = @($boxes | ForEach-Object { $files | & $select -Box $boxes -Name $_ })
        $taken | Sort-Object | Should -Be @($files | Sort-Object)
    }

    It 'gives each box about as many' {
        foreach ($one in $boxes) {
            $count = @($files | & $select -Box $boxes -Name $one).Count
            $count | Should -BeGreaterThan 40
            $count | Should -BeLessThan 95
        }
    }

    It 'gives the same share whatever the order of the list, the case and the folder' {
        $share = @($files | & $select -Box $boxes -Name gpu2)
        $files | & $select -Box 'gpu3', 'GPU2', 'gpu1' -Name 'gpu2.other' | Should -Be $share
        $files | ForEach-Object { $_.Replace('\\nas\loras\', '/mnt/LORAS/').ToUpperInvariant() } | & $select -Box $boxes -Name gpu2 |
            Should -HaveCount $share.Count
    }

    It 'moves only the files of a box that leaves' {
        $before = @($files | & $select -Box $boxes -Name gpu1)
        $after = @($files | & $select -Box gpu1, gpu2 -Name gpu1)
        $before | Where-Object { $_ -notin $after } | Should -BeNullOrEmpty
    }

    It 'refuses a box that is not in the list' {
        { 'a.safetensors' | & $select -Box gpu1 -Name gpu9 } | Should -Throw "*'gpu9' is not in the list*"
    }
}

Describe 'Register-NightlyResize.ps1' {
    BeforeAll {
        $register = [System.IO.Path]::Combine($nightly, 'Register-NightlyResize.ps1')
        $folders = @{ Path = 'D:\my loras\'; OutputDirectory = 'D:\small'; Checkpoint = 'D:\sdxl.safetensors'; LogDirectory = 'D:\logs' }

        # What Windows has; elsewhere these stand for it and tell what they were given.
        function New-ScheduledTaskAction {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Stands for a command of Windows.')]
            param($Execute, $Argument)
            @{ Execute = $Execute; Argument = $Argument }
        }
        function New-ScheduledTaskTrigger {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Stands for a command of Windows.')]
            param([switch] $Daily, $At)
            @{ Daily = [bool] $Daily; At = $At }
        }
        function New-ScheduledTaskPrincipal {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Stands for a command of Windows.')]
            param($UserId, $LogonType)
            @{ UserId = $UserId; LogonType = $LogonType }
        }
        function New-ScheduledTaskSettingsSet {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Stands for a command of Windows.')]
            param([switch] $StartWhenAvailable, $MultipleInstances, $ExecutionTimeLimit, [switch] $AllowStartIfOnBatteries, [switch] $DontStopIfGoingOnBatteries)
            @{ MultipleInstances = $MultipleInstances; ExecutionTimeLimit = $ExecutionTimeLimit; StartWhenAvailable = [bool] $StartWhenAvailable }
        }
        function Register-ScheduledTask {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Stands for a command of Windows.')]
            param($TaskName, $Description, $Action, $Trigger, $Principal, $Settings, [switch] $Force)
            @{ TaskName = $TaskName; Action = $Action; Trigger = $Trigger; Principal = $Principal; Settings = $Settings; Force = [bool] $Force }
        }
    }

    It 'registers the script for every night' {
        $task = & $register @folders -At '03:15' -Recipe 'spn_ckpt=1,thr=-1.2:spn_lora=1,size=8' -WarningAction Ignore
        $task.TaskName | Should -Be 'ResizeLora nightly'
        $task.Trigger.Daily | Should -BeTrue
        $task.Trigger.At.TimeOfDay | Should -Be ([timespan] '03:15')
        $task.Settings.MultipleInstances | Should -Be 'IgnoreNew'
        $task.Settings.ExecutionTimeLimit | Should -Be ([timespan]::FromHours(6))
        $task.Principal.LogonType | Should -Be 'S4U'
        [System.IO.Path]::GetFileName($task.Action.Execute) | Should -Be 'pwsh.exe'
        $task.Action.Argument | Should -BeLike '-NoProfile -NonInteractive -File *Invoke-NightlyResize.ps1*'
        $task.Action.Argument | Should -BeLike '*-Path "D:\my loras" -OutputDirectory D:\small -Checkpoint D:\sdxl.safetensors -LogDirectory D:\logs -Recipe spn_ckpt=1,thr=-1.2:spn_lora=1,size=8 -Module ResizeLora'
    }

    It 'gives the script only parameters that it has' {
        $task = & $register @folders -WarningAction Ignore
        $known = @((Get-Command ([System.IO.Path]::Combine($nightly, 'Invoke-NightlyResize.ps1'))).Parameters.Keys) + 'NoProfile', 'NonInteractive', 'File'
        [regex]::Matches($task.Action.Argument, '(?<= |^)-([A-Z]\w+)') | ForEach-Object { $_.Groups[1].Value } |
            Where-Object { $_ -notin $known } | Should -BeNullOrEmpty
    }

    It 'warns where the account has no such module, and takes one by its path' {
        $null = & $register @folders -Module NoSuchModule -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -BeLike "*NoSuchModule*Install-PSResource*"
        (& $register @folders -Module $module -WarningVariable silent).Action.Argument | Should -BeLike "*-Module *ResizeLora.psd1*"
        $silent | Should -BeNullOrEmpty
    }

    It 'registers nothing with -WhatIf' {
        & $register @folders -WhatIf -WarningAction Ignore | Should -BeNullOrEmpty
    }
}

Describe 'Invoke-SharedResize.ps1' {
    BeforeAll {
        $shared = [System.IO.Path]::Combine($nightly, 'Invoke-SharedResize.ps1')

        # Remoting without machines: the block runs here, once for each box that answers.
        function Invoke-Command {
            [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidOverwritingBuiltInCmdlets', '', Justification = 'Stands for remoting, which a test machine lacks.')]
            param($ComputerName, $ThrottleLimit, $ConfigurationName, $ErrorAction, $ArgumentList, $ScriptBlock)
            $seen.ThrottleLimit = $ThrottleLimit
            foreach ($computer in $ComputerName | Where-Object { $_ -notlike 'dead*' }) {
                $env:COMPUTERNAME = $computer.Split('.')[0]
                & $ScriptBlock @ArgumentList
            }
        }
    }

    BeforeEach {
        $seen = @{}
        $box = New-Box 4
        $box.Remove('BoxName')
    }

    It 'lets each box take its share, and every file is done once' {
        $results = @(& $shared -ComputerName gpu1, gpu2.lan @box -ThrottleLimit 2)
        $LASTEXITCODE | Should -Be 0
        $results.Box | Should -Be @('gpu1', 'gpu2')
        $results.ExitCode | Should -Be @(0, 0)
        $seen.ThrottleLimit | Should -Be 2
        Get-FileName $box.OutputDirectory | Should -HaveCount 4
        $log = @(Read-Log $box)
        $log | Where-Object event -EQ 'written' | Should -HaveCount 4
        ($log | Where-Object event -EQ 'share').files | Should -Be @(4, 4)
        $log | Where-Object event -EQ 'share' | ForEach-Object box | Sort-Object | Should -Be @('gpu1', 'gpu2')
    }

    It 'ends with 1 when a box does not answer' {
        $results = @(& $shared -ComputerName gpu1, dead @box)
        $LASTEXITCODE | Should -Be 1
        $results.Box | Should -Be 'gpu1'
    }

    It 'ends with 2 when nothing could run anywhere' {
        $box.Checkpoint = 'nowhere.safetensors'
        $null = & $shared -ComputerName gpu1, gpu2 @box
        $LASTEXITCODE | Should -Be 2
    }
}

Describe 'crontab.example' {
    It 'calls the script with parameters that it has' {
        $line = [System.IO.File]::ReadAllLines([System.IO.Path]::Combine($nightly, 'crontab.example')) |
            Where-Object { $_ -like '*Invoke-NightlyResize.ps1*' }
        $command = $line.Substring($line.IndexOf('Invoke-NightlyResize.ps1'))
        $known = (Get-Command ([System.IO.Path]::Combine($nightly, 'Invoke-NightlyResize.ps1'))).Parameters
        $given = @([regex]::Matches($command, '(?<= )-([A-Z]\w+)') | ForEach-Object { $_.Groups[1].Value })
        $given | Where-Object { -not $known.ContainsKey($_) } | Should -BeNullOrEmpty
        $known.Values | Where-Object { $_.Attributes.Mandatory -contains $true } | Where-Object { $_.Name -notin $given } |
            Should -BeNullOrEmpty
    }
}
